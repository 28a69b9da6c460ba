"""Telling people outside: signed webhooks, Slack-compatible ones, and the digest by mail."""
