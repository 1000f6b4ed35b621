"""Reads the datasets' databases and builds the identity index from them: keyed fingerprints of every identifying value.

`building.build_index` makes an index; `index.open_index` answers from one, and needs neither SQLAlchemy nor a database.
"""
