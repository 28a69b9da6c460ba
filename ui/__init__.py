"""Faces and composition: command line, server, desk, board."""
