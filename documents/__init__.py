"""The pages that are made from the code itself, and the blocks of code in all pages; not part of the product."""
