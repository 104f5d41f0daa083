// Writes `length` bytes at `address` over AXI4, out of a FIFO of DEPTH words that in_* fills; byte address mod 8 of the
// first word is the first byte. The filler sees to it that there is room (`filled`).
//
// `start`, while not busy, empties the FIFO and takes where to write; length is not 0. Bursts have up to 16 beats and do
// not cross 4 KiB; a burst begins when all of it is in the FIFO, up to OUTSTANDING wait for their answers. With `stop`, or
// once `error` is 1 (an answer was not OKAY), no further burst begins; busy is 0 when all that began have ended.
module dma_write #(
    parameter int OUTSTANDING = 4,
    parameter int DEPTH = 128,
    parameter int BUG = 0  // 1: see dma
) (
    input  logic        clk,
    input  logic        rst_n,
    input  logic        start,
    input  logic [63:0] address,
    input  logic [31:0] length,
    input  logic        stop,
    output logic        busy,
    output logic        error,
    input  logic        in_valid,
    input  logic [63:0] in_data,
    output logic [ 7:0] filled,
    output logic [63:0] m_axi_awaddr,
    output logic [ 7:0] m_axi_awlen,
    output logic        m_axi_awvalid,
    input  logic        m_axi_awready,
    output logic [63:0] m_axi_wdata,
    output logic [ 7:0] m_axi_wstrb,
    output logic        m_axi_wlast,
    output logic        m_axi_wvalid,
    input  logic        m_axi_wready,
    input  logic [ 1:0] m_axi_bresp,
    input  logic        m_axi_bvalid,
    output logic        m_axi_bready
);
  localparam int INDEX_BITS = $clog2(DEPTH);

  logic [60:0] next;       // word that the next burst begins with
  logic [29:0] left;       // words to write
  logic [ 4:0] beats, burst;  // left of this burst; of the next one
  logic [ 9:0] to_boundary;
  logic [ 2:0] answers;    // that are to come
  logic [ 7:0] first_strobe, last_strobe;
  logic        first;      // the next word is the first

  logic [63:0] fifo[DEPTH];
  logic [INDEX_BITS-1:0] in_at, out_at;

  assign to_boundary = 10'd512 - 10'(next[8:0]);
  always_comb begin
    burst = 5'd16;
    if (left < 16) burst = left[4:0];
    if (to_boundary < 10'(burst)) burst = to_boundary[4:0];
  end

  logic begins, moves;
  assign begins = busy && !stop && !error && beats == 0 && !m_axi_awvalid && left != 0 && filled >= 8'(burst) &&
      answers < 3'(OUTSTANDING);
  assign m_axi_wvalid = beats != 0;
  assign m_axi_wlast  = beats == 1;
  assign m_axi_wdata  = fifo[out_at];
  assign m_axi_wstrb  = (first ? first_strobe : 8'hff) & (left == 1 && BUG != 1 ? last_strobe : 8'hff);
  assign moves = m_axi_wvalid && m_axi_wready;
  assign m_axi_bready = answers != 0;

  always_ff @(posedge clk) begin
    if (in_valid) fifo[in_at] <= in_data;
    if (!rst_n) begin
      filled <= '0;
      in_at  <= '0;
      out_at <= '0;
    end else if (start) begin
      filled <= '0;
      in_at  <= '0;
      out_at <= '0;
    end else begin
      filled <= filled + 8'(in_valid) - 8'(moves);
      if (in_valid) in_at <= in_at + 1;
      if (moves) out_at <= out_at + 1;
    end
  end

  always_ff @(posedge clk) begin
    if (!rst_n) begin
      busy          <= 1'b0;
      error         <= 1'b0;
      m_axi_awvalid <= 1'b0;
      m_axi_awaddr  <= '0;
      m_axi_awlen   <= '0;
      beats         <= '0;
      answers       <= '0;
      left          <= '0;
    end else if (start) begin
      busy         <= 1'b1;
      error        <= 1'b0;
      next         <= address[63:3];
      left         <= 30'((33'(length) + 33'(address[2:0]) + 7) >> 3);
      first        <= 1'b1;
      first_strobe <= 8'hff << address[2:0];
      last_strobe  <= 8'hff >> (3'd0 - (length[2:0] + address[2:0]));
    end else begin
      if (begins) begin
        m_axi_awvalid <= 1'b1;
        m_axi_awaddr  <= {next, 3'b0};
        m_axi_awlen   <= 8'(burst) - 8'd1;
        next          <= next + 61'(burst);
        beats         <= burst;
      end else begin
        if (m_axi_awready) m_axi_awvalid <= 1'b0;
        if (moves) beats <= beats - 1;
      end
      if (moves) begin
        left  <= left - 1;
        first <= 1'b0;
      end
      answers <= answers + 3'(begins) - 3'(m_axi_bvalid && m_axi_bready);
      if (m_axi_bvalid && m_axi_bready && m_axi_bresp != 2'b00) error <= 1'b1;
      if (answers == 0 && beats == 0 && !begins && (left == 0 || stop || error)) busy <= 1'b0;
    end
  end
endmodule
