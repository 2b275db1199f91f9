 # ---
# name: web
# --- 
RUN a
