"""From an `Award` to a document of one credential format, without its proof."""
