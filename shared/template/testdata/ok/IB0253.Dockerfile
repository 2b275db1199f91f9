# a shebang or a licence may come first
# ---
# name: web
# ---
RUN a
# -------- dividers are fine --------
# ------
# --- install packages
