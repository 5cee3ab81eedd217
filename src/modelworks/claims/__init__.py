"""Claims as artifacts: what a paper says, tried here, with an interval and a verdict that follows from it."""
