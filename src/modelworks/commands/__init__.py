"""One module a subcommand: `add_arguments(parser)` sets `run`, a function of the parsed options to an exit status."""
