"""`make bench`: every benchmark, one after the other."""

from benchmarks import freshness, store_size

if __name__ == "__main__":
    freshness.main()
    store_size.main()
