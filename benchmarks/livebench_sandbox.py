"""Sandboxed executions a second: start, load, three calls, end. `python benchmarks/livebench_sandbox.py [COUNT]`."""

import sys
import time

from modelworks.livebench.sandbox import loaded

LEAST = 8.0


def main() -> int:
    """Print executions a second, one after the other on one core; 1 if they are fewer than 8."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    began = time.perf_counter()
    for number in range(count):
        with loaded("def f(numbers):\n    return sum(numbers)", "f") as session:
            assert [session.call([[number, one]]) for one in range(3)] == [number, number + 1, number + 2]
    rate = count / (time.perf_counter() - began)
    print(f"{rate:.1f} sandboxed executions a second (at least {LEAST})")
    return int(rate < LEAST)


if __name__ == "__main__":
    sys.exit(main())
