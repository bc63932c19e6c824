-- Behave as the parts of the FPGA that the published design takes from its maker's library: a clock generator, a
-- clock buffer, and three FIFOs with the widths, depths and read modes that the design's project states.

library ieee;
use ieee.std_logic_1164.all;

entity clk_wiz_0 is
  port (clk_in1 : in std_logic; clk_out1 : out std_logic);
end entity;

architecture bench of clk_wiz_0 is
begin
  clk_out1 <= clk_in1;  -- the bench drives 100 MHz
end architecture;

library ieee;
use ieee.std_logic_1164.all;

entity ibufg is
  port (i : in std_logic; o : out std_logic);
end entity;

architecture bench of ibufg is
begin
  o <= i;
end architecture;

-- A FIFO with one clock. Without `ahead` a word appears one edge after it was asked for; with it the oldest word
-- stands at the output before it is asked for.
library ieee;
use ieee.std_logic_1164.all;

entity bench_fifo is
  generic (width, depth : positive; ahead : boolean);
  port (
    clk, srst, wr_en, rd_en : in std_logic;
    din : in std_logic_vector(width - 1 downto 0);
    dout : out std_logic_vector(width - 1 downto 0) := (others => '0');
    full, almost_full : out std_logic := '0';
    empty, almost_empty : out std_logic := '1'
  );
end entity;

architecture bench of bench_fifo is
  type words is array (natural range <>) of std_logic_vector(width - 1 downto 0);
begin
  process (clk)
    variable memory : words(0 to depth - 1);
    variable head, used : natural := 0;
    variable wants_write, wants_read : boolean;
  begin
    if rising_edge(clk) then
      if srst = '1' then
        head := 0;
        used := 0;
      else
        wants_read := rd_en = '1' and used > 0;
        wants_write := wr_en = '1' and used < depth;  -- what comes when it is full is lost
        if wants_read then
          if not ahead then
            dout <= memory(head);
          end if;
          head := (head + 1) mod depth;
          used := used - 1;
        end if;
        if wants_write then
          memory((head + used) mod depth) := din;
          used := used + 1;
        end if;
      end if;
      if ahead and used > 0 then
        dout <= memory(head);
      end if;
      if used = 0 then empty <= '1'; else empty <= '0'; end if;
      if used <= 1 then almost_empty <= '1'; else almost_empty <= '0'; end if;
      if used = depth then full <= '1'; else full <= '0'; end if;
      if used >= depth - 1 then almost_full <= '1'; else almost_full <= '0'; end if;
    end if;
  end process;
end architecture;

library ieee;
use ieee.std_logic_1164.all;

entity fifo_generator_0 is  -- spikes from the host, 24 bits, its oldest word ahead
  port (
    clk, wr_en : in std_logic;
    din : in std_logic_vector(23 downto 0);
    full, almost_full : out std_logic;
    rd_en : in std_logic;
    dout : out std_logic_vector(23 downto 0);
    empty, almost_empty : out std_logic;
    srst : in std_logic
  );
end entity;

architecture bench of fifo_generator_0 is
begin
  inside : entity work.bench_fifo
    generic map (width => 24, depth => 1024, ahead => true)
    port map (clk => clk, srst => srst, wr_en => wr_en, rd_en => rd_en, din => din, dout => dout,
              full => full, almost_full => almost_full, empty => empty, almost_empty => almost_empty);
end architecture;

library ieee;
use ieee.std_logic_1164.all;

entity fifo_generator_1 is  -- voltages and currents from one tick to the next, 18 bits
  port (
    clk, srst : in std_logic;
    din : in std_logic_vector(17 downto 0);
    wr_en, rd_en : in std_logic;
    dout : out std_logic_vector(17 downto 0);
    full, empty : out std_logic
  );
end entity;

architecture bench of fifo_generator_1 is
begin
  inside : entity work.bench_fifo
    generic map (width => 18, depth => 1024, ahead => false)
    port map (clk => clk, srst => srst, wr_en => wr_en, rd_en => rd_en, din => din, dout => dout,
              full => full, almost_full => open, empty => empty, almost_empty => open);
end architecture;

library ieee;
use ieee.std_logic_1164.all;

entity fifo_generator_2 is  -- bytes to the host, 8 bits
  port (
    clk, srst : in std_logic;
    din : in std_logic_vector(7 downto 0);
    wr_en, rd_en : in std_logic;
    dout : out std_logic_vector(7 downto 0);
    full, empty : out std_logic
  );
end entity;

architecture bench of fifo_generator_2 is
begin
  inside : entity work.bench_fifo
    generic map (width => 8, depth => 4096, ahead => false)
    port map (clk => clk, srst => srst, wr_en => wr_en, rd_en => rd_en, din => din, dout => dout,
              full => full, almost_full => open, empty => empty, almost_empty => open);
end architecture;
