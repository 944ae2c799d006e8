"""kubectl's grammar without its shell: parsed to typed reads, served through the cluster port."""
