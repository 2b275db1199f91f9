# ---
# baseImageType: IMAGE
# baseImage: win2022_21H2_x64_dtc_en-us_40G_alibase_20240414.vhd
# ---
RUN dir
