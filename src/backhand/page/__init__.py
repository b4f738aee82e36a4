"""What every report is written with: blocks of a page, as HTML and as Markdown, and the style of tables and plots."""
