"""AWS for the tests: moto's server as a process, or AWS itself where that's asked for."""
