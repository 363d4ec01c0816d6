"""The register importer: reading a file, mapping its columns and values into ours, and taking its rows."""
