---
Tasks:
- Name: a
 Action: Reboot
