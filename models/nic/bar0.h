/* BAR 0 of an ENA function, in bytes: what is behind the registers of ena_host.def. C and C++. */
#ifndef CARDVP_NIC_BAR0_H
#define CARDVP_NIC_BAR0_H

enum {
  ENA_BAR0_SQ_DOORBELLS = 0x1000, /* TX SQ n at + 8 * n, RX SQ n at + 8 * n + 4: 256 pairs */
  ENA_BAR0_UNMASK = 0x2000,       /* of MSI-X vector n at + 4 * n: all CQs of a vector share it */
  ENA_BAR0_MSIX_TABLE = 0x3000,
  ENA_BAR0_MSIX_PENDING = 0x5000,
  ENA_BAR0_BYTES = 0x8000
};

#endif
