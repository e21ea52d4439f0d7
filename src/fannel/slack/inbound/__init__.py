"""What people do in Slack: messages, clicks, slash commands, however they reach FANNEL."""
