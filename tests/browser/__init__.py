"""Looks at pages as a reader does: Chromium at four widths, light and dark, with axe-core (`make browser`)."""
