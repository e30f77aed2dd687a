"""The admin of routing: people, hours, pools, rules, and what was decided."""

from routing.admin import absences, checks, decisions, hours, parts, people, pools, rules, users

__all__ = ["absences", "checks", "decisions", "hours", "parts", "people", "pools", "rules", "users"]
