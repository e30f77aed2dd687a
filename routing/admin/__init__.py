"""The admin of routing: people, hours, pools, rules, and what was decided."""

from routing.admin import decisions, hours, parts, people, pools, rules, users

__all__ = ["decisions", "hours", "parts", "people", "pools", "rules", "users"]
