"""Signals become themes: grouped, named in the customers' words, kept the same from night to night."""

from assistant.gaps.themes.grouping import NONE, Clustering, cluster
from assistant.gaps.themes.identity import Match, Place, assign, assign_all, kept_pairs, match, place
from assistant.gaps.themes.naming import Naming, name_themes, representatives

__all__ = [
    "NONE",
    "Clustering",
    "Match",
    "Naming",
    "Place",
    "assign",
    "assign_all",
    "cluster",
    "kept_pairs",
    "match",
    "name_themes",
    "place",
    "representatives",
]
