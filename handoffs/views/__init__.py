"""The pages: each view makes one call to the floor below and renders the answer."""
