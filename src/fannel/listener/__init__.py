"""The listener: the process that hears what people say in Slack, has the desk deal with it, and tells the rules."""
