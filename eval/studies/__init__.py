"""Measurements beside the questions of one helpdesk: public sets, a planted fix, growth with size.

Each gives a `Study`, kept as JSON in the experiment's folder, so that it is made once and joins every later report.
"""
