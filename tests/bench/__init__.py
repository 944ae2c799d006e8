"""What speed and memory the product has, and the workbenches that measurements and tests share."""
