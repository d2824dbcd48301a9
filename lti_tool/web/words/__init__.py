"""What people read: values, elements, reasons and refusals in words."""
