"""Other people's ways to find the document, through the same door and over the same text, to measure against.

Each module is opened by name, so that none of their libraries is needed until it is asked for.
"""
