"""The API: a door for other systems. A view reads a request, makes one call, and answers with JSON."""
