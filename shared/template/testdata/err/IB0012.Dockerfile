run a
Copy /a /b
