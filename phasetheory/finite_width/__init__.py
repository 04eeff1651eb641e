"""The linear regime at finite width, with its constants."""
