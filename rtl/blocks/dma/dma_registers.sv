// The registers of the DMA (models/dma/dma.def; contract: dma.sv).
module dma_registers (
    input  logic        clk,
    input  logic        rst_n,
    input  logic        write,
    input  logic [11:0] write_address,
    input  logic [31:0] write_data,
    input  logic [31:0] write_mask,
    output logic        write_error,
    input  logic [11:0] read_address,
    output logic [31:0] read_data,
    output logic        read_error,
    output logic        irq,
    output logic        running,     // enabled and without an error
    output logic        disabling,   // in this cycle
    output logic [63:0] ring_base,
    output logic [15:0] head,
    output logic [15:0] tail,
    input  logic        busy,
    input  logic        advance,     // a descriptor has been done
    input  logic        interrupt,   // and asks for an interrupt
    input  logic [ 3:0] failed       // as ERROR.CODE: it was not; for one cycle
);
  localparam logic [11:0] ID = 12'h000, CONTROL = 12'h004, STATUS = 12'h008, ERROR = 12'h00c,
      INTERRUPT_STATUS = 12'h010, INTERRUPT_ENABLE = 12'h014, RING_BASE = 12'h018, RING_BASE_HIGH = 12'h01c,
      RING_SIZE = 12'h020, TAIL = 12'h024, HEAD = 12'h028;
  localparam logic [3:0] ERROR_SETUP = 4'd1;

  logic enable;
  logic [3:0] error_code, stops;
  logic [15:0] error_index, ring_size;
  logic [1:0] interrupt_status, interrupt_enable;

  assign write_error = write_address > HEAD;
  assign read_error  = read_address > HEAD;

  function automatic logic [31:0] merged(logic [31:0] old);
    return (old & ~write_mask) | (write_data & write_mask);
  endfunction

  // What a write means now.
  logic enabling, rings, bad_setup, bad_tail;
  logic [15:0] next_tail;
  logic [63:0] ring_last;  // address of its last byte
  assign enabling  = write && write_address == CONTROL && !enable && write_data[0] && write_mask[0];
  assign disabling = write && write_address == CONTROL && enable && !write_data[0] && write_mask[0];
  assign running   = enable && error_code == 0;
  assign rings     = write && write_address == TAIL && running;
  assign next_tail = 16'(merged(32'(tail)));
  assign ring_last = ring_base + {43'b0, ring_size, 5'b0} - 1;
  assign bad_setup = ring_base[4:0] != 0 || ring_size < 2 || ring_size > 4096 || ring_last < ring_base;
  assign bad_tail  = next_tail >= ring_size;

  always_comb begin
    stops = running ? failed : 4'd0;
    if ((enabling && bad_setup) || (rings && bad_tail && failed == 0)) stops = ERROR_SETUP;
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      enable           <= 1'b0;
      interrupt_enable <= '0;
      ring_base        <= '0;
      ring_size        <= '0;
      tail             <= '0;
      head             <= '0;
      error_code       <= '0;
      error_index      <= '0;
    end else begin
      if (write) begin
        case (write_address)
          CONTROL: enable <= 1'(merged(32'(enable)));
          INTERRUPT_ENABLE: interrupt_enable <= 2'(merged(32'(interrupt_enable)));
          RING_BASE: if (!enable) ring_base[31:0] <= merged(ring_base[31:0]);
          RING_BASE_HIGH: if (!enable) ring_base[63:32] <= merged(ring_base[63:32]);
          RING_SIZE: if (!enable) ring_size <= 16'(merged(32'(ring_size)));
          default: ;
        endcase
      end
      if (rings && !bad_tail) tail <= next_tail;
      if (advance && running) head <= head + 1 == ring_size ? '0 : head + 1;
      if (enabling) begin
        head        <= '0;
        tail        <= '0;
        error_code  <= '0;
        error_index <= '0;
      end
      if (stops != 0) begin
        error_code  <= stops;
        error_index <= enabling ? '0 : head;
      end
    end
  end

  // What happens wins over what is cleared in the same cycle.
  logic [1:0] cleared;
  assign cleared = write && write_address == INTERRUPT_STATUS ? 2'(write_data & write_mask) : 2'b0;
  always_ff @(posedge clk) begin
    if (!rst_n) interrupt_status <= '0;
    else interrupt_status <= (interrupt_status & ~cleared) | {stops != 0, advance && running && interrupt};
  end
  assign irq = |(interrupt_status & interrupt_enable);

  always_comb begin
    case (read_address)
      ID: read_data = 32'h444d4101;
      CONTROL: read_data = 32'(enable);
      STATUS: read_data = 32'(busy);
      ERROR: read_data = {error_index, 12'b0, error_code};
      INTERRUPT_STATUS: read_data = 32'(interrupt_status);
      INTERRUPT_ENABLE: read_data = 32'(interrupt_enable);
      RING_BASE: read_data = ring_base[31:0];
      RING_BASE_HIGH: read_data = ring_base[63:32];
      RING_SIZE: read_data = 32'(ring_size);
      TAIL: read_data = 32'(tail);
      HEAD: read_data = 32'(head);
      default: read_data = '0;
    endcase
  end
endmodule
