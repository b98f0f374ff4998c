"""`make bench`: every benchmark, one after the other."""

from benchmarks import freshness

if __name__ == "__main__":
    freshness.main()
