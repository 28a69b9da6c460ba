"""Pure functions from measurements to figures; they know no system, no file and no framework.

An undefined figure is `None`: it is left out and counted, never 0 and never NaN. A relevant item is credited once.
"""
