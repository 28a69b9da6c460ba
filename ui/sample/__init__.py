"""The sample helpdesk: an invented company, its articles, tickets and questions with their ground truth."""
