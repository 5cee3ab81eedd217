"""`python -m modelworks`: the command `modelworks` where no script of it is installed."""

import sys

from modelworks.cli import main

sys.exit(main())
