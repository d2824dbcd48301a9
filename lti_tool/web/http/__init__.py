"""What every answer has, whatever page it is: headers, cookies, caching, compression, limits."""
