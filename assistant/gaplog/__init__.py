"""The gap log at work: contacts are heard, labelled, grouped, retested; above pipeline and store, below the API."""
