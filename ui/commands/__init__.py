"""The subcommands of `waypost`, one module each; what a command needs is imported when it runs."""
