"""What is planned: work windows in files and calendars, and which devices their titles mean."""
