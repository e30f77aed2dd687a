"""The admin of routing: people, hours, pools, rules, and what was decided."""

from routing.admin import checks, decisions, hours, parts, people, pools, rules, users

__all__ = ["checks", "decisions", "hours", "parts", "people", "pools", "rules", "users"]
