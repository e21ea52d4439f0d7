"""Stand-ins that the demo and the tests run against: devices over SSH, pagoda, Slack. Never imported in production."""
