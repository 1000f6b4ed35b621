"""An inn."""
