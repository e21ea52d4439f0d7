"""Incidents: the cases people follow. Knows events and the store; nothing of Slack."""
