"""What knows no domain word: the database, the web, forms, jobs, languages, search and the embedded servers."""
