"""One migration a schema version. A migration is never changed once released: it says what the schema was then."""
