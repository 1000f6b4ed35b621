"""What touches the world: processes, containers, JUnit files, the probe."""
