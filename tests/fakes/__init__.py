"""Stand-ins for the outside systems: one process each, real HTTP, a ledger of their own, faults on demand.

`make run` starts them so that nothing leaves the machine; tests count effects from their ledgers. They need nothing but
the standard library.
"""
